"""The arithmetic of training, apart from gradients: learning rates by step, and one step of each optimizer."""
