"""The functions that users call: `GradOperation` and its like, compiled gradients, Jacobians, second derivatives."""
