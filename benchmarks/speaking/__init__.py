"""The vocabulary of the workloads in each framework; a module is imported only where its framework is measured."""
