//! Values: money, time, ids, dimensions, charges. No I/O, no clock.

pub mod access;
pub mod allocation;
pub mod anomaly;
pub mod audit;
pub mod budget;
pub mod catalog;
pub mod center;
pub mod charge;
pub mod dimension;
pub mod event;
pub mod filter;
pub mod group;
pub mod history;
pub mod id;
pub mod llm;
pub mod money;
pub mod price;
pub mod principal;
pub mod progress;
pub mod receipt;
pub mod tags;
pub mod time;
pub mod usage;
pub mod virtual_dimension;
pub mod webhook;
