//! backsight
fn main() {}
