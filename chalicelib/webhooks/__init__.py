"""Report to webhooks how jobs have ended: with signed messages that jobs of the type `webhook.deliver` deliver."""
