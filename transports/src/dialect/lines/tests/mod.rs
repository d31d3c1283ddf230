mod end;
mod hostile;
mod order;
mod splitting;
mod windows;
