"""Many checks of one network: over seeds, shapes, dtypes and points, here or on any executor. Read `runner` first."""
