"""FHIR as it comes: readers of files and bundles, and the projection of resources onto the graph."""
