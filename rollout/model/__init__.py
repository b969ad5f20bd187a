"""What a rollout is about: the fleet, the plan, releases, ownership, errors. No input or output."""
