//! cof
