//! Python: the native half of the package `iof`.
//!
//! Nothing is decided here. A call comes in as an operation and a dict, is turned into JSON, goes once through the
//! engine with the interpreter's lock released, and comes back as Python's own objects.

mod arrow;
mod building;
mod columns;
mod detector;
mod engine;
mod errors;
mod events;
mod gate;
mod input;
mod output;
mod recorder;
mod relation;
mod series;
mod tables;
mod telling;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// The native half of `iof`; use the package instead.
#[pymodule]
fn _iof(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<gate::Gate>()?;
    module.add_class::<recorder::Recorder>()?;
    module.add_class::<relation::Relation>()?;
    module.add_class::<columns::Table>()?;
    module.add_function(wrap_pyfunction!(arrow::arrow_stream, module)?)?;
    module.add_function(wrap_pyfunction!(series::forecast, module)?)?;
    module.add_function(wrap_pyfunction!(series::backtest, module)?)?;
    module.add_function(wrap_pyfunction!(series::detect_anomalies, module)?)?;
    module.add_function(wrap_pyfunction!(telling::verify_webhook, module)?)?;
    module.add_function(wrap_pyfunction!(telling::event_schema, module)?)?;
    module.add_function(wrap_pyfunction!(operations, module)?)
}

/// What can be called: the names of the operations, each with the names of its parameters.
#[pyfunction]
fn operations(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    for operation in finops_core::operations() {
        dict.set_item(operation.name, PyTuple::new(py, operation.fields)?)?;
    }
    Ok(dict)
}
