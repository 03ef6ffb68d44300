"""M-CARE: case reports of how agents fail, checked, versioned and linked to the graph."""
