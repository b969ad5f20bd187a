"""Everything that can happen in a run, as frozen values with a wire name.

Targets and the run are in `run`, releases in `deploy`; both are read from here.
"""

from rollout.events.deploy import (
    CurrentRestored,
    CurrentSeen,
    CurrentSwitched,
    CurrentSwitching,
    DeployEvent,
    DeployFinished,
    DeployStarted,
    DeployTakenBack,
    HookRan,
    ReleaseDiscarded,
    ReleaseInPlace,
    ReleasesPruned,
    RollbackFinished,
    RollbackHalted,
    RollbackStarted,
    StepDone,
    StepFailed,
    StepStarted,
    UndoFailed,
    UnprovenTakenBack,
)
from rollout.events.run import (
    BalancerReloaded,
    FleetSeen,
    InstanceProven,
    InstanceReborn,
    Interrupted,
    Noted,
    OthersRestarted,
    RecoveryFinished,
    RecoveryStarted,
    RestartAsked,
    RolloutFinished,
    RolloutHalted,
    RolloutRefused,
    RolloutStarted,
    RunResumed,
    ServersChanged,
    SessionsCut,
    SoakStarted,
    StopRequested,
    TargetClaimed,
    TargetDone,
    TargetDrained,
    TargetDraining,
    TargetEmpty,
    TargetGivenBack,
    TargetInMaint,
    TargetLeftOut,
    TargetNotDrained,
    TargetNotTaken,
    TargetOnProbation,
    TargetRecovered,
    TargetReturned,
    TargetSkipped,
    TargetTakenUp,
    TargetVisited,
    TargetWaiting,
)

__all__ = [
    "BalancerReloaded",
    "CurrentRestored",
    "CurrentSeen",
    "CurrentSwitched",
    "CurrentSwitching",
    "DeployEvent",
    "DeployFinished",
    "DeployStarted",
    "DeployTakenBack",
    "Event",
    "FleetSeen",
    "HookRan",
    "InstanceProven",
    "InstanceReborn",
    "Interrupted",
    "Noted",
    "OthersRestarted",
    "RecoveryFinished",
    "RecoveryStarted",
    "ReleaseDiscarded",
    "ReleaseInPlace",
    "ReleasesPruned",
    "RestartAsked",
    "RollbackFinished",
    "RollbackHalted",
    "RollbackStarted",
    "RolloutFinished",
    "RolloutHalted",
    "RolloutRefused",
    "RolloutStarted",
    "RunResumed",
    "ServersChanged",
    "SessionsCut",
    "SoakStarted",
    "StepDone",
    "StepFailed",
    "StepStarted",
    "StopRequested",
    "TargetClaimed",
    "TargetDone",
    "TargetDrained",
    "TargetDraining",
    "TargetEmpty",
    "TargetGivenBack",
    "TargetInMaint",
    "TargetLeftOut",
    "TargetNotDrained",
    "TargetNotTaken",
    "TargetOnProbation",
    "TargetRecovered",
    "TargetReturned",
    "TargetSkipped",
    "TargetTakenUp",
    "TargetVisited",
    "TargetWaiting",
    "UndoFailed",
    "UnprovenTakenBack",
]

Event = (
    RolloutStarted
    | RolloutRefused
    | RolloutHalted
    | RolloutFinished
    | RunResumed
    | RecoveryStarted
    | RecoveryFinished
    | StopRequested
    | Interrupted
    | Noted
    | BalancerReloaded
    | SoakStarted
    | TargetSkipped
    | TargetWaiting
    | TargetClaimed
    | TargetTakenUp
    | ServersChanged
    | TargetVisited
    | TargetRecovered
    | TargetDraining
    | TargetDrained
    | TargetNotDrained
    | TargetInMaint
    | SessionsCut
    | TargetEmpty
    | RestartAsked
    | InstanceReborn
    | InstanceProven
    | TargetOnProbation
    | TargetReturned
    | OthersRestarted
    | TargetDone
    | TargetNotTaken
    | TargetGivenBack
    | TargetLeftOut
    | FleetSeen
    | DeployEvent
)
