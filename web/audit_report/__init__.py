"""Audit reports and evidence bundles: what leaves the house on paper or as a file, and how others check it."""
