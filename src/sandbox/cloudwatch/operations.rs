//! The operations that are emulated.

use super::{alarms, data, metrics};
use crate::sandbox::protocol::Perform;

/// Each by its name in the model.
pub(crate) const OPERATIONS: &[(&str, Perform)] = &[
    ("GetMetricData", data::get_metric_data),
    ("ListMetrics", metrics::list),
    ("PutMetricAlarm", alarms::put),
    ("DescribeAlarms", alarms::describe),
    ("DeleteAlarms", alarms::delete),
    ("SetAlarmState", alarms::set_state),
];
