"""The evidence ladder: rules put to exact tests, op by op, and what that says of a gradient."""
