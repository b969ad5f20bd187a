"""What a run would do now: its order, its capacity and its time, computed and not tried."""
