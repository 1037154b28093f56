"""The operations API: Strawberry, for those who make, move and recycle batteries."""
