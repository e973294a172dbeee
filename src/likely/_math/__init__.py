"""The basement: expressions, atoms, their derivatives and the backends that evaluate them."""
