"""Floor 1: choose p(y | θ). One file a family; nothing here knows links, losses or learners."""
