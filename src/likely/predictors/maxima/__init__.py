"""Which of several maxima is the largest: other starts of a fit, each for a kind of model that has them."""
