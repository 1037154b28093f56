"""Intake at the dock: a page for telephone, PDA and scanner gun, which works without the network once it was seen."""
