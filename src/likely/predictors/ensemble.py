"""What the members of an ensemble predict together: the equal-weight mixture of their distributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from likely.catalogue import family_class
from likely.inference.categorical import CategoricalPredictive
from likely.inference.mixture import Mixture
from likely.inference.multivariatenormal import MultivariateNormalPredictive
from likely.inference.ordinal import OrdinalPredictive
from likely.inference.predictive import Predictive
from likely.inference.vectormixture import VectorMixture


def mixed(members: Sequence[Any]) -> Any:
    """The mixture; of classes it is again a distribution over classes, with the mean probabilities."""
    first = members[0]
    if isinstance(first, CategoricalPredictive):
        # log of the sum of probabilities is a raw prediction of softmax, with all digits of small ones.
        logs = [one.raw - np.logaddexp.reduce(one.raw, axis=0) for one in members]
        return CategoricalPredictive(first.loss, np.logaddexp.reduce(logs, axis=0), first.labels)
    if isinstance(first, OrdinalPredictive):
        raw = first.loss.mixed([one.raw for one in members])
        return OrdinalPredictive(first.loss, raw, first.labels)
    if isinstance(first, MultivariateNormalPredictive):
        return VectorMixture(members)
    if first.labels is not None:
        no, yes = (
            np.logaddexp.reduce([one.log_prob(label) for one in members], axis=0)
            for label in first.labels
        )
        # Whatever the members' link, the logit of the mean keeps the digits of both probabilities.
        return Predictive(family_class("Bernoulli")().loss(), (yes - no)[None], first.labels)
    return Mixture(members)
