"""The maker's pages: its batteries with filters and labels, and the files that it registers them with."""
