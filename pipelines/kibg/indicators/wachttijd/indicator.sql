-- Who counts: trajectories started in the report year, open ones too, with a date of referral and of intake. Waiting is about those
-- who came in: closings of a year would tell how long clients waited a year or more earlier. A delivery holds all trajectories
-- that were closed in its year or ran at its end, so that it holds all starts of its year. How a trajectory ended plays no part.
-- Value: weeks from referral to intake (domain 5.5, wait_intake_days). Without a date of intake nothing counts: the time from referral
-- to the start of treatment is another wait, and the two never stand in one mean. Not counted: an intake before the referral.
SELECT
    provider_id,
    trajectory_id AS unit_id,
    CAST(CAST(intake_date AS INT) - CAST(referral_date AS INT) AS DOUBLE) / 7 AS value
FROM trajectory
WHERE year = $year
    AND start_date BETWEEN $period_start AND $period_end
    AND intake_date >= referral_date
