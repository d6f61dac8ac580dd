MODELS=("gpt","smollm2")
def is_prose(s): return False
