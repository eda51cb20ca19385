"""Several networks on digits spoilt in the same ways: measured once each, as JSON, Markdown and a picture."""
