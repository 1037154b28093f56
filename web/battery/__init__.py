"""The page behind the QR symbol of a battery: what everybody may know, and the whole record for who has rights."""
