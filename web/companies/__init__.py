"""Companies held against the conditions for the industry: what they show, and where they declare it."""
