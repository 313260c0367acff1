//! Operations on the store: what comes in and goes out, its states, its log of changes.

use super::{admin, viewer};
use crate::engine::audit::{AuditExport, AuditList, AuditVerify};
use crate::engine::calling::Operation;
use crate::engine::history::{CompactRequest, SnapshotsRequest, VacuumRequest};
use crate::engine::params::parse;
use crate::engine::relation::SegmentsRequest;
use crate::engine::{Answer, ExportReport, ImportCharges, Tick};
use crate::model::access::Reach;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "import_charges",
        access: admin(Reach::Platform),
        fields: ImportCharges::FIELDS,
        call: |finops, params, observer| finops.import_charges_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "export_report",
        access: admin(Reach::Platform),
        fields: ExportReport::FIELDS,
        call: |finops, params, _| finops.export_report(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "audit.list",
        access: admin(Reach::Platform),
        fields: AuditList::FIELDS,
        call: |finops, params, _| finops.audit_list(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "audit.verify",
        access: admin(Reach::Platform),
        fields: AuditVerify::FIELDS,
        call: |finops, params, _| finops.audit_verify(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "audit.export",
        access: admin(Reach::Platform),
        fields: AuditExport::FIELDS,
        call: |finops, params, _| finops.audit_export(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "snapshots",
        access: viewer(Reach::Platform),
        fields: SnapshotsRequest::FIELDS,
        call: |finops, params, _| finops.snapshots(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "vacuum",
        access: admin(Reach::Platform),
        fields: VacuumRequest::FIELDS,
        call: |finops, params, _| finops.vacuum(&parse(params)?).map(Answer::from),
    },
    Operation {
        name: "compact",
        access: admin(Reach::Platform),
        fields: CompactRequest::FIELDS,
        call: |finops, params, observer| {
            let CompactRequest {} = parse(params)?;
            finops.compact_observed(observer).map(Answer::from)
        },
    },
    Operation {
        name: "segments",
        access: viewer(Reach::Platform),
        fields: SegmentsRequest::FIELDS,
        call: |finops, params, _| {
            let SegmentsRequest {} = parse(params)?;
            finops.segments().map(Answer::from)
        },
    },
    Operation {
        name: "tick",
        access: admin(Reach::Platform),
        fields: Tick::FIELDS,
        call: |finops, params, _| finops.tick(parse::<Tick>(params)?.now).map(Answer::from),
    },
];
