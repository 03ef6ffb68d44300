"""Out of the graph, into formats that others read."""
