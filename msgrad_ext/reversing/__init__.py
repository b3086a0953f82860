"""From a graph to the graph of its gradients: the reverse pass, its rules, and the record of what ran."""
