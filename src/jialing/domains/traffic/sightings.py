"""What does a sensor at a junction see of one road user? One row per vehicle."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Kind(IntEnum):
    """What kind of road user; decides its weight."""

    CAR = 0
    BUS = 1
    EMERGENCY = 2
    TRAM = 3
    BICYCLE = 4
    LORRY = 5


#: junction : index of the junction the vehicle approaches
#: lane : index into its `lanes`: where it is, or (upstream of it) where its way leads
#: movement : index into its movements; -1 where the turn is not known
#: distance_m : to the stop line [m], along its way
#: speed_mps : now
#: free_speed_mps : what it would drive on an empty road here
#: kind : of `Kind`
#: vehicle : stays the same while the sensor tracks it
#: next_junction, next_lane, next_movement, next_distance_m : the junction after this one, where the
#:     route is known (`perfect` sensing alone); -1 otherwise
SIGHTING = np.dtype(
    [
        ("junction", np.int32),
        ("lane", np.int32),
        ("movement", np.int32),
        ("distance_m", np.float32),
        ("speed_mps", np.float32),
        ("free_speed_mps", np.float32),
        ("kind", np.uint8),
        ("vehicle", np.int64),
        ("next_junction", np.int32),
        ("next_lane", np.int32),
        ("next_movement", np.int32),
        ("next_distance_m", np.float32),
    ]
)
