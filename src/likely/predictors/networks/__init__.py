"""The parts of Network: inputs, target, modules, training, checkpoints. PyTorch is imported by some of them."""
