//! Board, site, profile and roster files: read, checked, and turned into types that cannot be wrong.
