"""What Ctrl-C during training says."""


class TrainingInterrupted(UserWarning):
    """Training ended at Ctrl-C, and the model is that of the best round so far."""
