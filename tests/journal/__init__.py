"""Tests of the command log: its rules, damage, crashes, full disks, snapshots."""
