mod hostile;
mod pair;
mod round_trip;
mod rules;
mod wire;
