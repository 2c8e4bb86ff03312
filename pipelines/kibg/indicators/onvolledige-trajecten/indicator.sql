-- Who counts: trajectories closed in the report year under the scheme of that year, administrative closings left out: in the GBGGZ a
-- product was invoiced as incomplete, in the zorgprestatiemodel it follows from minutes and reason (domain 5.2).
-- Met: incomplete (see views/closed_trajectory.sql).
-- There are no parts by profile: a trajectory that was registered as incomplete has product O, so that a share by profile would
-- leave out just those. referrer: who referred; NULL where it is unknown.
SELECT provider_id, trajectory_id AS unit_id, incomplete AS met, referrer
FROM closed_trajectory
WHERE year = $year AND scheme = CASE WHEN year < 2022 THEN 'GBGGZ' ELSE 'ZPM' END
