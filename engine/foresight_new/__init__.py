"""What a clause would do: stated paths, simulated paths and history, before a deal is signed and after."""
