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
    ImpactMeasured,
    InstanceRestarted,
    InstanceVerified,
    Interrupted,
    Noted,
    OthersRestarted,
    RecoveryFinished,
    RecoveryStarted,
    RestartAsked,
    RolloutContinued,
    RolloutFinished,
    RolloutHalted,
    RolloutPaused,
    RolloutRefused,
    RolloutStarted,
    RunBegan,
    RunResumed,
    ServersChanged,
    SessionsCut,
    SoakSeen,
    SoakStarted,
    StopRequested,
    TargetAdopted,
    TargetClaimed,
    TargetDone,
    TargetDrained,
    TargetDraining,
    TargetEmpty,
    TargetInMaint,
    TargetLeftOut,
    TargetNotDrained,
    TargetNotStarted,
    TargetOnProbation,
    TargetPrepared,
    TargetRecovered,
    TargetReturned,
    TargetReturnedUntouched,
    TargetSkipped,
    TargetVisited,
    TargetWaiting,
    TrafficSeen,
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
    "ImpactMeasured",
    "InstanceRestarted",
    "InstanceVerified",
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
    "RolloutContinued",
    "RolloutFinished",
    "RolloutHalted",
    "RolloutPaused",
    "RolloutRefused",
    "RolloutStarted",
    "RunBegan",
    "RunResumed",
    "ServersChanged",
    "SessionsCut",
    "SoakSeen",
    "SoakStarted",
    "StepDone",
    "StepFailed",
    "StepStarted",
    "StopRequested",
    "TargetAdopted",
    "TargetClaimed",
    "TargetDone",
    "TargetDrained",
    "TargetDraining",
    "TargetEmpty",
    "TargetInMaint",
    "TargetLeftOut",
    "TargetNotDrained",
    "TargetNotStarted",
    "TargetOnProbation",
    "TargetPrepared",
    "TargetRecovered",
    "TargetReturned",
    "TargetReturnedUntouched",
    "TargetSkipped",
    "TargetVisited",
    "TargetWaiting",
    "TrafficSeen",
    "UndoFailed",
    "UnprovenTakenBack",
]

Event = (
    RunBegan
    | TrafficSeen
    | ImpactMeasured
    | RolloutStarted
    | RolloutRefused
    | RolloutHalted
    | RolloutFinished
    | RunResumed
    | RecoveryStarted
    | RecoveryFinished
    | StopRequested
    | RolloutPaused
    | RolloutContinued
    | Interrupted
    | Noted
    | BalancerReloaded
    | SoakStarted
    | SoakSeen
    | TargetSkipped
    | TargetWaiting
    | TargetClaimed
    | TargetPrepared
    | TargetAdopted
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
    | InstanceRestarted
    | InstanceVerified
    | TargetOnProbation
    | TargetReturned
    | OthersRestarted
    | TargetDone
    | TargetNotStarted
    | TargetReturnedUntouched
    | TargetLeftOut
    | FleetSeen
    | DeployEvent
)
