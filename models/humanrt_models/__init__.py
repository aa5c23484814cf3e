"""Model cards, and cards of sample images, that HumanRT can fetch."""
