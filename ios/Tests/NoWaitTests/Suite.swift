import Testing

/// Everything that touches this process's one NoWait, one test after the other.
@Suite(.serialized) enum OneAtATime {}
