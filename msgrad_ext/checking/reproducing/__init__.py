"""The least code that shows a fault again."""
