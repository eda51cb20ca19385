"""The pretrained digit models: listed with what they cost and read, measured, and compared with their cards."""
