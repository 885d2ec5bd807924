"""What the platform stands on: the AWS account of the cloud, the emulator of the laptop."""
