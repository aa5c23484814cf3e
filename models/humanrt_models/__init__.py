"""Cards of the models and sample pictures that HumanRT can fetch."""
