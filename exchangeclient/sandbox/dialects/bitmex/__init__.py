"""The dialect of BitMEX, which closed on 2026-09-23 and lives on here: REST v1 and the realtime tables."""
