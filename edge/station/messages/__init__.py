"""Telling others what was read: MQTT, a webhook, lines of JSON."""
