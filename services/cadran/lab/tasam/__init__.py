"""arXiv 2511.15002 (TA-SAM): its methods, its tables and figures, and what lies beyond them, as studies."""
