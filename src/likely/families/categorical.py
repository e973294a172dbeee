"""Categorical: one of K unordered classes."""

from likely._math.atoms import pick
from likely._math.domains import classes, simplex
from likely.families.base import Distribution, Parameter


class Categorical(Distribution):
    r"""One of K unordered classes: multiclass classification by softmax cross-entropy.

    .. math:: p(y = k) = \lambda_k, \qquad \sum_k \lambda_k = 1

    probs λ, one probability a class; its K raw columns are the logits, which the softmax does not change
    when a constant is added to all of them. The mode is the most probable class (of ties, the first).

    ``Categorical(reference="setosa")`` has a reference class, whose logit is 0: the K − 1 raw columns of the others
    are their log odds against it, log(λₖ/λᵣ), and so are the coefficients of ``Linear``, as in R's ``multinom``. The
    distributions are the same (but under a penalty, which shrinks towards the reference). The reference is the label of
    a class, or its position where labels are not numbers; ValueError lists the classes where it is none of them.

    Source: Prince, Understanding Deep Learning (2023), section 5.5; Agresti, Categorical Data Analysis (2013),
    section 8.1.
    """

    support = classes
    vector = "classes"
    probs = Parameter(simplex, r"\lambda")

    def log_density(y, probs):
        return pick(y, probs.log)
