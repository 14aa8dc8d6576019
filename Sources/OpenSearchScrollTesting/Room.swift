// Skeleton, replaced by the room's files.
