"""The auditor's pages: what stands out first, every figure's list, every gap with what is said of it."""
