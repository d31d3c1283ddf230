mod faults;
mod hostile;
mod pair;
mod weather;
mod wire;
