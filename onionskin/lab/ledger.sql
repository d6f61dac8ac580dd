-- The lab's file, version 1. Every raw number with the machine, the versions and the date that it was measured at.
CREATE TABLE machines (
  key TEXT PRIMARY KEY, name TEXT NOT NULL, details TEXT NOT NULL                          -- details: JSON, by name
);
CREATE TABLE sessions (                                                                    -- one asking of a question
  id TEXT PRIMARY KEY, question TEXT NOT NULL, source TEXT NOT NULL,                       -- source: hash of its file
  is_quick INTEGER NOT NULL, seeds INTEGER, engine TEXT NOT NULL, machine TEXT NOT NULL REFERENCES machines(key),
  started TEXT NOT NULL, finished TEXT, versions TEXT NOT NULL, arms TEXT NOT NULL         -- versions, arms: JSON
);
CREATE TABLE trials (
  id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE, arm TEXT NOT NULL,
  seed INTEGER NOT NULL, machine TEXT NOT NULL REFERENCES machines(key), started TEXT NOT NULL,
  wall_seconds REAL NOT NULL, cpu_seconds REAL NOT NULL,
  others REAL NOT NULL,                                                                    -- cores that others kept busy
  is_busy INTEGER NOT NULL, runs TEXT NOT NULL, UNIQUE (session, arm, seed)                -- runs: JSON, folders
);
CREATE TABLE numbers (
  trial INTEGER NOT NULL REFERENCES trials(id) ON DELETE CASCADE, measure TEXT NOT NULL, value REAL,
  PRIMARY KEY (trial, measure)
) WITHOUT ROWID;
CREATE TABLE skips (
  session TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE, arm TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (session, arm)
) WITHOUT ROWID;
-- For whoever asks by hand: SELECT arm, avg(value) FROM results WHERE question = 'latency' AND measure = 'seconds' GROUP BY arm
CREATE VIEW results AS
  SELECT s.question, t.arm, t.seed, n.measure, n.value, t.started, t.is_busy, s.is_quick, m.name AS machine, s.id AS session
  FROM numbers n JOIN trials t ON t.id = n.trial JOIN sessions s ON s.id = t.session JOIN machines m ON m.key = t.machine;
